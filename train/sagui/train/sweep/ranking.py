"""What trials reached, the best first. Pure rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from sagui.bundle.metrics import Proportion, proportion
from sagui.train.recipe.choices import Recipe
from sagui.train.sweep.journal import Score
from sagui.train.sweep.plan import Trial


@dataclass(frozen=True)
class Contestant:
    """A trial with its recipe filled in.

    Attributes:
        trial: It.
        recipe: Nothing in it is open.
        digest: Names the recipe.
    """

    trial: Trial
    recipe: Recipe
    digest: str


@dataclass(frozen=True)
class Standing:
    """What a trial reached.

    Attributes:
        contestant: It.
        scores: One for each fold; one in all where there was no cross-validation.
    """

    contestant: Contestant
    scores: tuple[Score, ...]

    @property
    def reason(self) -> str:
        """Why it failed; empty where it did not."""
        return next((score.reason for score in self.scores if score.reason), "")

    @property
    def accuracy(self) -> float:
        """Share of photos that were named right, in the mean over folds."""
        return fmean(score.accuracy for score in self.scores)

    @property
    def share(self) -> Proportion:
        """Share of all photos that were not learned from, those of all folds together."""
        return proportion(round(sum(score.accuracy * score.n for score in self.scores)), self.photos)

    @property
    def photos(self) -> int:
        """How many photos measured it."""
        return sum(score.n for score in self.scores)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(score.seconds for score in self.scores)


def ranking(contestants: Iterable[Contestant], scores: Mapping[tuple[str, int], Score]) -> tuple[Standing, ...]:
    """Sorts trials by accuracy; those that failed come last, and of equals the one that was planned first is first.

    Args:
        contestants: All of them.
        scores: By a recipe's digest and the fold.
    """
    by_recipe: dict[str, list[Score]] = {}
    for digest, fold in sorted(scores):
        by_recipe.setdefault(digest, []).append(scores[digest, fold])
    standings = [Standing(one, tuple(by_recipe[one.digest])) for one in contestants]
    return tuple(sorted(standings, key=lambda one: (bool(one.reason), -one.accuracy, one.contestant.trial.number)))


def rivals(standings: Sequence[Standing]) -> int:
    """How many trials lie within the 95 % interval of the best, and may be as good."""
    best, *others = standings
    return sum(not one.reason and one.accuracy >= best.share.low for one in others)
