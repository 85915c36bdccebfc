"""For Go, with its standard library."""

from __future__ import annotations

from .call import KEY_VARIABLE, Call
from .literals import json_text, string

_COMMON = ("fmt", "io", "net/http", "os")


def with_net_http(call: Call) -> str:
    """A program."""
    packages = {*_COMMON, *(("strings",) if call.has_body else ())}
    headers = [f'"X-API-Key", os.Getenv("{KEY_VARIABLE}")']
    before = []
    if call.idempotency_key is not None:
        packages |= {"crypto/rand", "encoding/hex"}
        before = [
            "\t// One for each message: a second try with the same one sends nothing twice.",
            "\tidempotencyKey := make([]byte, 16)",
            "\tif _, err := rand.Read(idempotencyKey); err != nil {",
            "\t\tpanic(err)",
            "\t}",
        ]
        headers.append('"Idempotency-Key", hex.EncodeToString(idempotencyKey)')
    body = "nil"
    if call.has_body:
        headers.append('"Content-Type", "application/json"')
        before.append(f"\tpayload := strings.NewReader({_raw_string(json_text(call.body))})")
        body = "payload"
    lines = [
        "package main",
        "",
        "import (",
        *(f'\t"{name}"' for name in sorted(packages)),
        ")",
        "",
        "func main() {",
        *before,
        f'\trequest, err := http.NewRequest("{call.method}", {string(call.url)}, {body})',
        *_PANIC,
        *(f"\trequest.Header.Set({header})" for header in headers),
        "\tresponse, err := http.DefaultClient.Do(request)",
        *_PANIC,
        "\tdefer response.Body.Close()",
        "\tanswer, err := io.ReadAll(response.Body)",
        *_PANIC,
        "\tfmt.Println(response.StatusCode, string(answer))",
        "}",
    ]
    return "\n".join(lines)


_PANIC = ("\tif err != nil {", "\t\tpanic(err)", "\t}")


def _raw_string(text: str) -> str:
    # Nothing has a meaning within backticks, and a backtick can only stand in a string of JSON.
    return "`" + text.replace("`", "\\u0060") + "`"
