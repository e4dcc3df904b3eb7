"""A network of one's own: a recurrent one with dropout."""

from torch import Tensor, nn


class Reader(nn.Module):
    """Reads a sequence of tokens and says which class it is of."""

    def __init__(self, n_classes: int, width: int = 16, dropout: float = 0.1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_classes, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, n_classes))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [B, T] to logits [B, K]."""
        outputs, _ = self.gru(self.embedding(tokens))
        return self.head(outputs[:, -1])
