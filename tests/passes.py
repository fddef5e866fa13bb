"""What the tests of wallet passes share: a coupon's content, keys of our own, and the judges that are not ours."""

import io
import json
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from notifications.passes import words
from notifications.passes.apple_keys import AppleKeys, read_apple_keys
from notifications.passes.content import PassContent, PassStore
from notifications.sandbox.apple_chain import AppleChain
from tests.cast import AINO_LAT, AINO_LON

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
MARKUP = '<img src=x onerror="alert(1)">'


def make_content(**changed: Any) -> PassContent:
    said: dict[str, Any] = {
        "serial": UUID("01980000-0000-7000-8000-000000000001"),
        "merchant": "Café Aino",
        "title": "Free cardamom bun",
        "text": "With any coffee, today.",
        "terms": "One for each guest.",
        "discount": "20% off",
        "code": "K7QM2F9XC0TDR",
        "code_in_groups": "K7QM-2F9X-C0TDR",
        "expires_at": NOON + timedelta(hours=1),
        "stores": (PassStore(name="Senate Square", lat=AINO_LAT, lon=AINO_LON),),
        "colour": "#1f6f5c",
        "languages": words.in_languages(kind="percent", value=Decimal("20.00"), currency=""),
    }
    return PassContent(**{**said, **changed})


def keys_of(chain: AppleChain) -> AppleKeys:
    return read_apple_keys(certificate=chain.certificate, key=chain.key, wwdr=chain.intermediate)


def unpack(pkpass: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pkpass)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def openssl_verify(files: Mapping[str, bytes], *, chain: AppleChain, folder: Path) -> subprocess.CompletedProcess[str]:
    for name, data in {"manifest.json": files["manifest.json"], "signature": files["signature"]}.items():
        (folder / name).write_bytes(data)
    (folder / "root.pem").write_bytes(chain.root)
    command = "openssl cms -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -out out"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, timeout=60)


def passkit_complaints(files: Mapping[str, bytes], *, chain: AppleChain, folder: Path, packages: Path) -> list[str]:
    """What passkit-generator says of an unpacked pass; `packages` is where its node_modules are."""
    unpacked = folder / "pass"
    for name, data in files.items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_bytes(data)
    certificates = {"wwdr": chain.intermediate, "signerCert": chain.certificate, "signerKey": chain.key}
    (folder / "certificates.json").write_text(json.dumps({name: pem.decode() for name, pem in certificates.items()}))
    done = subprocess.run(
        ["node", packages / "check-pass.mjs", unpacked, folder / "certificates.json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def schema_faults(value: object, *, schema: Mapping[str, Any], schemas: Mapping[str, Any], place: str) -> list[str]:
    """Where a body breaks a schema of one of Google's discovery documents. Members that it does not name are faults."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return [f"{place}: not {schema['type']}"]
    faults = []
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in schema["properties"]:
                faults.append(f"{place}.{name}: no such member")
            else:
                member = schema["properties"][name]
                if member.get("deprecated"):
                    faults.append(f"{place}.{name}: deprecated")
                faults += schema_faults(inner, schema=member, schemas=schemas, place=f"{place}.{name}")
    if isinstance(value, list):
        for number, inner in enumerate(value):
            faults += schema_faults(inner, schema=schema["items"], schemas=schemas, place=f"{place}[{number}]")
    if "enum" in schema:
        deprecated = dict(zip(schema["enum"], schema.get("enumDeprecated", []), strict=False))
        if value not in schema["enum"] or deprecated.get(str(value)):
            faults.append(f"{place}: {value!r} is not one of its values")
    return faults
