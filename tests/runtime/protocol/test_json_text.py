"""JSON in and out, held to the standard library's."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.protocol import json_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.floats(width=32),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)

TEXTS = (
    "0", "-0", "-0.0", "1e400", "-1e400", "1E5", "0.1", "1.7976931348623157e308",
    "5e-324",
    "18446744073709551615", "18446744073709551616", "-9223372036854775808",
    "-9223372036854775809", "123456789012345678901234567890",
    "0.1234567890123456789012",
    "[0.00012345678901234567,1]", "[1,12345678901234567890123]",
    '{"a":1,"a":2}', '{"a":{"b":1,"b":null}}', '"\\ud83d\\ude00"', '"\\ud800"',
    '"\\u0000"',
    "NaN", "[NaN,Infinity,-Infinity]", " [ 1 , 2 ]\n", "\t{}\r\n", '"é"', "[]", "{}",
    '"9999999999999999999999"', '{"k":[[[[1]]]]}', "true", "null", "[1e19,1e20]",
)  # fmt: skip
"""Texts on which JSON libraries are known to differ."""

NOT_JSON = (
    "", " ", "{", "[1", "[1,]", "{,}", "{'a':1}", '{"a" 1}', "nul", "+1", "01", "1.",
    ".5",
    "[1 2]", "{}x", "1 2", '"\n"', '"\\x"', '"', "\x00", "[" * 200_000, "-", "- 1",
    "0x1",
    "Nan", "inf", '{"a":1}}', "\u2028", '{"a":1,}', "//c\n1",
)  # fmt: skip
"""Texts that no JSON reader takes."""


def same(left: Any, right: Any) -> bool:
    """Equal in type and bits, NaN equal to itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right) or (
            math.isnan(left) and math.isnan(right)
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(
            same(left[key], right[key]) for key in left
        )
    return bool(left == right)


@pytest.fixture(params=["plain", "fast"], scope="class")
def _codec(request):
    """Both codecs must pass the same tests."""
    if request.param == "fast":
        assert json_text.prefer_fast()
    yield
    json_text.prefer_plain()


@pytest.mark.usefixtures("_codec")
class TestReading:
    """What is read is what `json` reads, whichever codec reads it."""

    @pytest.mark.parametrize("text", TEXTS)
    def test_known_differences_between_libraries_do_not_show(self, text):
        """Big integers, duplicate keys, NaN and surrogates are as `json` has them."""
        assert same(json.loads(text), json_text.loads(text))
        assert same(json.loads(text), json_text.loads(text.encode()))

    @pytest.mark.parametrize("text", NOT_JSON)
    def test_what_is_not_json_is_a_value_error(self, text):
        """Every malformed text is refused with ValueError and nothing else."""
        with pytest.raises(ValueError, match=r"."):
            json_text.loads(text.encode())

    @pytest.mark.parametrize(
        "data", [b"\xff{}", b'"\xed\xa0\x80"', "[1]".encode("utf-16")]
    )
    def test_what_is_not_utf8_is_a_value_error(self, data):
        """Bytes in another encoding are refused."""
        with pytest.raises(ValueError, match=r"."):
            json_text.loads(data)

    def test_a_byte_order_mark_is_no_content(self):
        """A UTF-8 byte order mark before the text is skipped."""
        assert [1] == json_text.loads(b"\xef\xbb\xbf[1]")

    @given(value=VALUES)
    def test_round_trip_equals_the_standard_library(self, value):
        """Any value written by `json` is read back as `json` reads it."""
        text = json.dumps(value)

        assert same(json.loads(text), json_text.loads(text))

    @given(text=st.text(alphabet='[]{}",:0123456789.eE+-truefalsn \\u\n', max_size=40))
    def test_random_texts_are_judged_as_the_standard_library_does(self, text):
        """Both accept, with equal values, or both refuse."""
        try:
            expected = json.loads(text)
        except (ValueError, RecursionError):
            with pytest.raises(ValueError, match=r"."):
                json_text.loads(text)
        else:
            assert same(expected, json_text.loads(text))


@pytest.mark.usefixtures("_codec")
class TestWriting:
    """What is written is strict JSON."""

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text()
            | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        )
    )  # fmt: skip
    def test_written_values_read_back_equal(self, value):
        """`json` reads what was written as the value it was."""
        assert same(value, json.loads(json_text.dumps(value)))

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan]])
    def test_nan_and_infinity_are_never_written(self, value):
        """Values that strict JSON lacks are refused."""
        with pytest.raises(ValueError, match=r"."):
            json_text.dumps(value)

    def test_what_has_no_json_form_is_a_type_error(self):
        """An object of no JSON type is refused by its type's name."""
        with pytest.raises(TypeError, match="set is not JSON serializable"):
            json_text.dumps({1})

    @given(values=st.lists(st.floats() | st.integers(-(2**63), 2**63 - 1)))
    def test_numbers_are_joined_and_null_where_not_finite(self, values):
        """Numbers come back exactly; NaN and infinities as null."""
        read = json.loads("[" + json_text.numbers(values) + "]")

        expected = [value if math.isfinite(value) else None for value in values]
        assert same(expected, read)

    @given(value=st.text(st.characters(exclude_categories=())))
    def test_texts_are_quoted_as_the_standard_library_quotes(self, value):
        """Any text, lone surrogates included, survives."""
        assert json.dumps(value) == json_text.text(value)
