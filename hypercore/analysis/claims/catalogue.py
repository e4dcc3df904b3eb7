"""The claims, as data, and their verdicts, computed."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hypercore.analysis.claims.evidence import Evidence
from hypercore.analysis.claims.findings import Finding
from hypercore.analysis.claims.judges import clipping, convergence, cost, paper, stability
from hypercore.analysis.frames.entries import table
from hypercore.analysis.published.read import published_folder
from hypercore.analysis.published.rows import PublishedError
from hypercore.spec.columns import CLAIMS

FILE = "claims.yaml"
TESTS: dict[str, Callable[..., Finding]] = {
    name: test
    for module in (clipping, stability, convergence, cost, paper)
    for name, test in module.TESTS.items()
}


class Claim(BaseModel):
    """One claim: what is said, where, and the test that judges it with that test's parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statement: str = Field(min_length=1)
    source: str = Field(min_length=1)
    test: str
    parameters: dict[str, str | float] = {}

    def judge(self, evidence: Evidence) -> Finding:
        """Run the claim's test."""
        return TESTS[self.test](evidence, **self.parameters)


class _ClaimsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    claims: dict[str, Claim]


def read_claims(folder: Path | None = None) -> Mapping[str, Claim]:
    """Read ``claims.yaml`` and check each entry against its test's parameters.

    Raises:
        PublishedError: a key is unknown or missing, or a test or parameter is; one line.
    """
    text = ((folder or published_folder()) / FILE).read_text(encoding="utf-8")
    try:
        claims = _ClaimsFile.model_validate(yaml.safe_load(text)).claims
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PublishedError(f"{FILE}: {where}: {first['msg'].lower()}") from None
    except yaml.YAMLError as error:
        raise PublishedError(f"{FILE}: no YAML: {' '.join(str(error).split())}") from None
    for key, claim in claims.items():
        _check(key, claim)
    return claims


def judge_claims(evidence: Evidence, study: str, claims: Mapping[str, Claim] | None = None) -> pd.DataFrame:
    """The CLAIMS table: each claim's verdict, with the figures and cells it rests on."""
    rows: list[dict[str, Any]] = []
    for key, claim in (read_claims() if claims is None else claims).items():
        found = claim.judge(evidence)
        rows.append(
            {
                "study": study,
                "claim": key,
                "statement": claim.statement,
                "source": claim.source,
                "test": claim.test,
                "parameters": json.dumps(claim.parameters, sort_keys=True),
                "verdict": found.verdict.value,
                "reason": found.reason,
                "n": found.n,
                "estimate": found.estimate,
                "low": found.low,
                "high": found.high,
                "unit": found.unit,
                "cells": json.dumps(sorted(set(found.cells))),
            }
        )
    return table(rows, CLAIMS)


def _check(key: str, claim: Claim) -> None:
    if claim.test not in TESTS:
        raise PublishedError(f"{FILE}: {key}: unknown test {claim.test!r}; allowed: {', '.join(TESTS)}")
    parameters = dict(list(inspect.signature(TESTS[claim.test]).parameters.items())[1:])
    allowed = ", ".join(parameters) or "none"
    if unknown := sorted(set(claim.parameters) - set(parameters)):
        raise PublishedError(
            f"{FILE}: {key}: {claim.test} has no parameter {unknown[0]!r}; allowed: {allowed}"
        )
    for name, parameter in parameters.items():
        if name not in claim.parameters:
            if parameter.default is inspect.Parameter.empty:
                raise PublishedError(f"{FILE}: {key}: {claim.test} needs the parameter {name!r}")
        elif (parameter.annotation is str) != isinstance(claim.parameters[name], str):
            wanted = "a text" if parameter.annotation is str else "a number"
            raise PublishedError(f"{FILE}: {key}: {name} = {claim.parameters[name]!r}; allowed: {wanted}")
