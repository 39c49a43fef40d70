"""Patterns: what texts match, so that every reader of our schemas reads them alike.

A schema's pattern is one of ECMAScript. There ``\\Z`` is an error, and in Python ``$``
lets a line break follow, so each of our patterns ends in ``END``.
"""

END = r"(?![\s\S])"

# Control characters and line breaks, soft hyphens, what has no width and what turns the
# direction of writing. Nothing beyond 16 bits: ECMAScript would read it as two.
SEEN = (
    r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb]*" + END
)
