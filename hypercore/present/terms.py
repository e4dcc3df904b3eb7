"""What the words mean that reports and pages use: said once, here."""

STACK = (
    "A stack such as Adam / SGD(1e-5): Adam trains the weights; SGD, right of it, trains Adam's own "
    "hyperparameters (α, β₁, β₂) while it does so. Left to choose is the rightmost step size, α = 1e-5."
)
SHAPES = "Adam^alpha: of Adam only α is learned. SGD / SGD / SGD: the third learns the second's α."
ALPHA = "the step size of the rightmost optimizer: the one that no other learns."
SAFE = (
    "few runs fail: diverge, or end more than a margin ε above the plain optimizer on its own. By default 5% "
    "may fail, and that 10% do is excluded, by the runs at all α together; less is not."
)
DECADE = "a factor of ten in α."
DIVERGED = "not a number, or no better than chance."
CLIPPED = (
    "by the presentation's rule, of hyperparameters' gradients; other rules are named, such as fixed(0.1)."
)
ADDS = "by how many decades of α later half of the runs fail than unclipped, with a 95% interval."
# What a key lists, word by word.
KEY = {
    "safe": SAFE,
    "decade": DECADE,
    "clipped": CLIPPED,
    "what clipping adds": ADDS,
    "diverged": DIVERGED,
}
LEVEL = "one optimizer of a stack, counted from the left; level 0 are the weights."
HYPERGRADIENT = "the loss's gradient with respect to a hyperparameter, by which the next optimizer learns it."
CELL = "one training run: a stack on a problem at one α, with one clipping and one seed."
LANE = "one of many runs that are trained side by side, as one."
# Of every word that a page may explain where it first comes.
MEANINGS = KEY | {"α": ALPHA, "level": LEVEL, "hypergradient": HYPERGRADIENT, "cell": CELL, "lane": LANE}
