"""The frame of a page: everything inside one file, nothing fetched, nothing sent."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from spinlearn.report._animation import Animation, data_url, wheel_png
from spinlearn.report._markup import Markup, embedded_json, escape, join, tag
from spinlearn.report._pictures import Picture, png_bytes

# The browser itself refuses whatever would leave the page.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_DPI = 200
# Size on the screen: lettering of 8 points is as large as the text around it, nearly.
_PIXELS_PER_INCH = 112
# Time of one pass through an animation and of one frame, ms.
_PASS, _SHORTEST = 12_000, 60


def page(title: str, sections: Iterable[Markup]) -> str:
    """A whole HTML file with these sections in its body."""
    body = tag("main", *sections)
    script = tag("script", Markup(_asset("player.js"))) if 'class="player"' in body else ""
    head = join(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="generator", content="spinlearn"),
            tag("title", title),
            tag("style", Markup(_asset("page.css"))),
        ]
    )
    document = tag("html", tag("head", head), tag("body", body, script), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def section(name: str, heading: str, *content: object) -> Markup:
    """A part of the page that links can point to."""
    return tag("section", tag("h2", heading), *content, id=name)


def contents(sections: Iterable[tuple[str, str]]) -> Markup:
    """Links to the sections."""
    return tag("nav", *(tag("a", text, href=f"#{name}") for name, text in sections))


def picture_markup(picture: Picture) -> Markup:
    """A figure with its caption; the caption is what a reader who cannot see it gets."""
    content = png_bytes(picture.figure, _DPI)
    # Width and height are the first numbers of a PNG: the page does not jump while it loads.
    width, height = (int.from_bytes(content[k : k + 4]) for k in (16, 20))
    shown = round(width / _DPI * _PIXELS_PER_INCH)
    image = tag(
        "img",
        src=data_url(content, "png"),
        alt=picture.caption,
        width=shown,
        height=round(shown * height / width),
    )
    return tag("figure", image, tag("figcaption", picture.caption), id=f"figure-{picture.name}")


def animation_markup(animation: Animation, name: str, caption: str) -> Markup:
    """Play button and slider over the frames; without scripts the first frame is shown."""
    width, height = animation.size
    frames, columns = len(animation.labels), animation.columns
    rows = -(-frames // columns)
    length, text = animation.bar
    facts = {
        "name": name,
        "columns": columns,
        "labels": animation.labels,
        "pause": max(_SHORTEST, _PASS // max(frames, 1)),
    }
    stage = tag(
        "div",
        tag(
            "img",
            src=data_url(animation.sprite, "jpeg"),
            alt=f"{name}, {animation.labels[0]}",
            style=f"width:{100 * columns}%;height:{100 * rows}%",
        ),
        tag("canvas", width=width, height=height, role="img", hidden=True),
        tag("span", text, class_="bar", style=f"width:{100 * length:.4g}%"),
        class_="stage",
        style=f"aspect-ratio:{animation.aspect:.6g}",
    )
    controls = tag(
        "div",
        tag("button", "Play", type="button"),
        tag("input", type="range", min=0, max=frames - 1, value=0, aria_label="frame"),
        tag("output", animation.labels[0]),
        class_="controls",
        hidden=True,
    )
    facts_element = tag("script", embedded_json(facts), type="application/json")
    first = tag("noscript", tag("p", f"First frame: {animation.labels[0]}.", class_="note"))
    player = tag("div", stage, _wheel(), controls, first, facts_element, class_="player")
    return tag("figure", player, tag("figcaption", caption))


def _wheel() -> Markup:
    places = {
        "+x": "right:0;top:calc(50% - .7em)",
        "−x": "left:0;top:calc(50% - .7em)",
        "+y": "left:calc(50% - .7em);top:0",
        "−y": "left:calc(50% - .7em);bottom:0",
    }
    signs = [tag("span", text, style=place) for text, place in places.items()]
    alt = "Colour wheel: hue is the direction in the plane, white +z, black −z"
    return tag("div", tag("img", src=wheel_png(), alt=alt), *signs, class_="wheel")


def _asset(name: str) -> str:
    file = resources.files("spinlearn.report") / "assets" / name
    return escape(Markup(file.read_text(encoding="utf-8")))
