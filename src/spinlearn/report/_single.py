"""The page of one run."""

from __future__ import annotations

from spinlearn.report._animation import animate
from spinlearn.report._curves import dataset_pictures
from spinlearn.report._markup import Markup, tag
from spinlearn.report._page import animation_markup, contents, page, picture_markup, section
from spinlearn.report._pictures import Picture
from spinlearn.report._sections import (
    citation_section,
    claims_section,
    provenance_section,
    spec_section,
    status_markup,
    variables_markup,
)
from spinlearn.report._textures import texture_names
from spinlearn.report._view import RunView
from spinlearn.report.experiments import experiment_animations, experiment_pictures

_SECTIONS = (
    ("numbers", "Headline numbers"),
    ("figures", "Figures"),
    ("animation", "Animation"),
    ("spec", "Specification"),
    ("provenance", "Provenance"),
    ("cite", "How to cite"),
)


def run_page(view: RunView) -> str:
    """HTML of a run, finished or not."""
    title = view.kind.title
    heading = [tag("h1", title)]
    if view.spec.label:
        heading.append(tag("p", view.spec.label, class_="lead"))
    heading.append(tag("p", f"Run {view.folder} of spinlearn", class_="note"))
    animations = _animation_section(view)
    sections = [s for s in _SECTIONS if s[0] != "animation" or animations]
    parts = [
        tag("header", *heading, status_markup(view), contents(sections)),
        claims_section(view),
        _figures_section(view),
        *animations,
        spec_section(view.spec),
        provenance_section(view),
        citation_section([view.kind.citation]),
    ]
    return page(f"{view.spec.label or view.folder}: {title}", parts)


def run_pictures(view: RunView) -> list[Picture]:
    """Figures of a run: its experiment's own, and what else can be drawn (SI units)."""
    if view.dataset is None:
        return []
    own, covered = experiment_pictures(view)
    return [*own, *dataset_pictures(view.dataset, covered)]


def _figures_section(view: RunView) -> Markup:
    pictures = [picture_markup(picture) for picture in run_pictures(view)]
    nothing = tag("p", "Nothing is computed yet.", class_="note")
    return section("figures", "Figures", *(pictures or [nothing]), variables_markup(view))


def _animation_section(view: RunView) -> list[Markup]:
    if view.dataset is None:
        return []
    own = experiment_animations(view)
    if own is not None:
        players = [animation_markup(*film) for film in own]
        return [section("animation", "Animation", *players)] if players else []
    players = []
    for name in texture_names(view.dataset):
        animation = animate(view.dataset, name)
        text = str(view.dataset[name].attrs.get("long_name") or name)
        count = len(animation.labels)
        which = f"all {count}" if count == animation.total else f"{count} of {animation.total}"
        caption = f"{text.capitalize()}: {which} stored textures, coloured as the wheel shows."
        players.append(animation_markup(animation, text, caption))
    return [section("animation", "Animation", *players)] if players else []
