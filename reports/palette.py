"""The colours of pages and pictures, by role, for a light and a dark ground; text has a contrast of 4.5 or more."""

from __future__ import annotations

# role: (on light, on dark). input, window and output are those of convolution-arithmetic animations.
PALETTE: dict[str, tuple[str, str]] = {
    "paper": ("#fdfcf9", "#14171c"),
    "ground": ("#fdfcf9", "#14171c"),  # the card a picture brings along; on a page it gives way to the paper
    "card": ("#ffffff", "#1b1f26"),
    "ink": ("#1d2129", "#e8e6e1"),
    "muted": ("#59616d", "#a3abb6"),
    "line": ("#dfdbd3", "#333a45"),
    "accent": ("#1a6998", "#74bdeb"),
    "accent-soft": ("#eaf2f7", "#1b2c39"),
    "focus": ("#fdeebf", "#4b3f14"),
    "good": ("#1b7046", "#66d19b"),
    "bad": ("#b3261e", "#ff8f85"),
    "open": ("#7d5f0d", "#e2c15e"),
    "input": ("#268bd2", "#4ea6e6"),
    "window": ("#1a6998", "#8fd0ff"),
    "output": ("#2aa198", "#3fc4ba"),
    "cotangent": ("#c24a12", "#ff9a62"),
    "code-word": ("#1a5f8c", "#82c4f0"),
    "code-text": ("#39702b", "#a5d59a"),
    "code-number": ("#9a4a12", "#f0b27e"),
    "code-name": ("#6a3d9a", "#cbaef0"),
}


def light(role: str) -> str:
    """The colour of a role on a light ground."""
    return PALETTE[role][0]


def variables(dark: bool) -> str:
    """The roles as CSS custom properties, one ground's values."""
    return "".join(f"--{role}:{pair[dark]};" for role, pair in PALETTE.items())


def figure_rules() -> str:
    """CSS that lets inline pictures follow the page's ground: each role as a fill and as a stroke."""
    roles = (f".bp .fill-{role}{{fill:var(--{role})}}.bp .stroke-{role}{{stroke:var(--{role})}}" for role in PALETTE)
    return "".join(roles)
