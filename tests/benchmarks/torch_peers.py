"""The networks in PyTorch, as its documentation would have them written; on a GPU if there is one."""

from collections.abc import Callable
from itertools import islice, pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from nnjax.data import Dataset
from tests.benchmarks import networks

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class CNN(nn.Module):
    def __init__(self, net: networks.CNN):
        super().__init__()
        inputs, first, second = net.channels
        self.conv1 = nn.Conv2d(inputs, first, net.kernel, padding="same")
        self.conv2 = nn.Conv2d(first, second, net.kernel, padding="same")
        self.fc1 = nn.Linear(net.flat, net.hidden)
        self.fc2 = nn.Linear(net.hidden, net.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class LSTM(nn.Module):
    def __init__(self, net: networks.LSTM):
        super().__init__()
        self.embedding = nn.Embedding(net.tokens, net.width)
        self.lstm = nn.LSTM(net.width, net.hidden, batch_first=True)
        self.output = nn.Linear(net.hidden, net.tokens)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(self.embedding(tokens))
        return self.output(outputs)


class Attention(nn.Module):
    def __init__(self, net: networks.GPT):
        super().__init__()
        self.heads = net.heads
        self.qkv = nn.Linear(net.width, 3 * net.width, bias=False)
        self.out = nn.Linear(net.width, net.width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        q, k, v = (
            part.view(batch, time, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, time, width))


class Block(nn.Module):
    def __init__(self, net: networks.GPT):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(net.width), Attention(net)
        self.norm2 = nn.LayerNorm(net.width)
        self.mlp = nn.Sequential(nn.Linear(net.width, 4 * net.width), nn.ReLU(), nn.Linear(4 * net.width, net.width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, net: networks.GPT):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(net.tokens, net.width), nn.Embedding(net.time, net.width)
        self.blocks = nn.Sequential(*(Block(net) for _ in range(net.blocks)))
        self.norm, self.output = nn.LayerNorm(net.width), nn.Linear(net.width, net.tokens)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.output(self.norm(self.blocks(self.embedding(tokens) + self.positions(places))))


def cnn(net: networks.CNN, steps: int) -> Callable[[], float]:
    x, y = net.data(steps)
    return _training(CNN(net), np.ascontiguousarray(x.transpose(0, 3, 1, 2)), y, net.batch)


def lstm(net: networks.LSTM, steps: int) -> Callable[[], float]:
    return _training(LSTM(net), *net.data(steps), net.batch)


def gpt(net: networks.GPT, steps: int) -> Callable[[], float]:
    return _training(GPT(net), *net.data(steps), net.batch)


def _training(model: nn.Module, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    model = model.to(DEVICE)
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=networks.RATE), nn.CrossEntropyLoss()
    inputs = torch.from_numpy(x if x.dtype == np.float32 else x.astype(np.int64)).to(DEVICE).split(batch)
    labels = torch.from_numpy(y.astype(np.int64)).to(DEVICE).split(batch)

    def run() -> float:
        for x, y in zip(inputs, labels, strict=True):
            optimizer.zero_grad()
            loss = criterion(model(x).flatten(0, -2), y.flatten())
            loss.backward()
            optimizer.step()
        return loss.item()

    return run


def _mlp(net: networks.MLP) -> Callable[[torch.Tensor, torch.Tensor], None]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(net.sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=net.rate), nn.CrossEntropyLoss()

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

    return step


def mlp_in_memory(net: networks.MLP, dataset: Dataset, epochs: int) -> Callable[[], None]:
    step = _mlp(net)
    x, y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y).long()

    def run() -> None:
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for start in range(0, len(x) // net.batch * net.batch, net.batch):
                rows = order[start : start + net.batch]
                step(x[rows], y[rows])

    return run


def mlp_dataloader(net: networks.MLP, dataset: Dataset, epochs: int, *, part: int = 1) -> Callable[[], None]:
    """Train for one ``part``-th of each epoch."""
    step = _mlp(net)
    examples = torch.utils.data.TensorDataset(torch.from_numpy(dataset.x), torch.from_numpy(dataset.y).long())
    loader = torch.utils.data.DataLoader(examples, batch_size=net.batch, shuffle=True, drop_last=True)

    def run() -> None:
        for _ in range(epochs):
            for x, y in islice(loader, len(loader) // part):
                step(x, y)

    return run
