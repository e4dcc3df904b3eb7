"""Which data sets, models and batch sizes go together in a study, and what does not fit."""

from collections.abc import Iterable, Iterator
from itertools import product

from hypercore.spec.problems import MODELS, DatasetSpec
from hypercore.study.config.errors import Location, Problem, shown
from hypercore.study.config.schema import StudyConfig
from hypercore.study.config.stack_entries import StackEntry
from hypercore.study.config.yaml_source import Source


def cases_of(
    study: StudyConfig, entry: StackEntry, index: int, source: Source, problems: list[Problem]
) -> tuple[tuple[str, str, int], ...]:
    """Data set, model and batch size of each case of an entry; what is wrong is added to ``problems``."""
    own = entry.datasets is not None
    cases = []
    for position, name in enumerate(entry.datasets or study.datasets):
        spec = study.dataset(name)
        if spec is None:
            location: Location = ("stacks", index, "datasets", position) if own else ("datasets", position)
            allowed = f"one of {', '.join(study.dataset_names)}, or a name under image_folders"
            problems.append(source.problem(location, name, allowed))
            continue
        if spec.n_train and (small := study.protocol.problem(name, spec.n_train)) is not None:
            problems.append(source.problem_text(("validation_split",), small.given, small.allowed))
        place = ("stacks", index, "model") if entry.model else ("model",)
        named = entry.model or study.model
        chosen = named or tuple(study.models) or (spec.model,)
        wrong = [
            source.problem_text((*place, at) if named or not study.models else ("models", chosen[at]), *words)
            for at, words in _no_models(study, spec, chosen)
        ]
        problems += wrong
        if wrong:
            continue
        models = [call.name for model in chosen for call in study.model_calls.get(model, ())]
        models += [model for model in chosen if model in MODELS]
        sizes = entry.batch_size or study.batch_size or (spec.batch_size,)
        data = [call.name for call in study.dataset_calls.get(name, ())] or [name]
        cases += list(product(data, models, sizes))
    return tuple(cases)


def normalisation_problems(study: StudyConfig, source: Source) -> Iterator[Problem]:
    """The problems of the normalisations of known data sets: wrong numbers of channels, no pixels."""
    for name, normalisation in study.normalisation.items():
        spec, location = study.dataset(name), ("normalisation", name)
        if spec is None:
            continue
        if name in study.own_datasets:
            given = f"the normalisation of {shown(name)}, which own code or files hold"
            yield source.problem_text(location, given, "data that are normalised where they are loaded")
        elif normalisation is not None and normalisation.channels != spec.channels:
            given = f"means and SDs of {normalisation.channels} channels"
            yield source.problem_text(location, given, f"of {spec.channels}, as {name} has")


def augmentation_problems(study: StudyConfig, source: Source) -> Iterator[Problem]:
    """The problems of the augmentations, as far as data sets are known that nobody has loaded yet."""
    for name in study.augmentation:
        spec, own, location = study.dataset(name), study.own_datasets.get(name), ("augmentation", name)
        augmentation = study.augmentation_of(name)
        if spec is None:
            continue
        if own is not None and own.load.numerics is not None and own.load.name != "arrays":
            given = f"the augmentation of {name}, which {own.load.name.replace('_', '-')} loads"
            yield source.problem_text(location, given, "that of images")
        elif (
            augmentation is not None
            and spec.image_shape is not None
            and (problem := augmentation.problem(name, spec.image_shape)) is not None
        ):
            yield source.problem_text(location, problem.given, problem.allowed)


def _no_models(
    study: StudyConfig, spec: DatasetSpec, models: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """What is given and allowed, and where, of names that are no models for a data set."""
    allowed = f"one of {', '.join((*MODELS, *study.model_calls))}"
    for at, model in enumerate(models):
        if not model:
            yield at, (f"no model for {spec.name}", f"{allowed}; the study's own stand under models")
        elif model not in MODELS and model not in study.model_calls:
            yield at, (shown(model), allowed)
        elif spec.name not in study.own_datasets and any(
            call.entry.reads_tokens for call in study.model_calls.get(model, ())
        ):
            yield at, (f"{model}, which reads tokens, on the images of {spec.name}", "a network of images")
        else:
            yield from ((at, words) for words in _too_small(spec, [m for m in [model] if m in MODELS]))


def _too_small(spec: DatasetSpec, models: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is given and allowed if a model's layers leave nothing of an image."""
    if spec.image_shape is None:  # not known before the folder is read
        return
    fitting = ", ".join(model.name for model in MODELS.values() if model.fits(spec.image_shape))
    for model in models:
        if not MODELS[model].fits(spec.image_shape):
            height, width = spec.image_shape[1:]
            yield (
                f"{model}, whose layers leave nothing of the {height}×{width} pixels of {spec.name}",
                f"on {spec.name} one of {fitting}",
            )
