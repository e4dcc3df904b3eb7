"""The key to the notation, for who has never seen a stack."""

import streamlit as st

_KEY = """
`Adam / SGD(1e-5)` is a *stack*. **Adam** trains the weights. **SGD**, right of it, trains Adam's own
hyperparameters (α, β₁, β₂) while it does so. What is left to choose is the rightmost step size, α = 1e-5.

- `Adam^alpha`: of Adam only α is learned. `SGD / SGD / SGD`: the third learns the second's α.
- **safe**: hardly any run ends more than a margin above the plain optimizer on its own. 5% may, where a study
  says nothing else, and that 10% do is excluded, by the runs at all α together; less is not.
- **decade**: a factor of ten in α. **clipped**: by the presentation's rule, of hyperparameters' gradients;
  other rules are named, such as `fixed(0.1)`. What it **adds**: by how many decades of α later half of the
  runs fail than **unclipped**, with a 95% interval.
- **diverged**: not a number, or no better than chance.
"""


def key() -> None:
    """Draw it, folded."""
    with st.expander("How to read a stack", icon=":material/help:"):
        st.markdown(_KEY)
