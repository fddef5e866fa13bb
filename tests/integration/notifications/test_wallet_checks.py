"""`check --deploy` says what is wrong with the wallets' keys before the first shopper does."""

from notifications import checks
from notifications.sandbox import apple_chain


def said(settings):
    settings.SANDBOX = False
    return [(message.id, message.msg) for message in checks.wallet_keys_are_usable(None)]


def test_wallets_that_are_not_configured_are_no_fault(settings) -> None:
    assert said(settings) == []


def test_a_wrong_file_is_named(settings, tmp_path) -> None:
    settings.APPLE_PASS_CERTIFICATE = str(tmp_path / "pass.pem")
    settings.APPLE_PASS_KEY = settings.APPLE_PASS_WWDR = str(tmp_path / "other.pem")
    settings.GOOGLE_WALLET_ISSUER = "338"
    settings.GOOGLE_WALLET_CREDENTIALS = str(tmp_path / "pass.pem")
    (tmp_path / "pass.pem").write_text("{}")
    (tmp_path / "other.pem").write_text("{}")
    assert said(settings) == [
        ("geooffers.E010", "GEOOFFERS_APPLE_PASS_CERTIFICATE: this is no certificate, neither PEM nor DER."),
        ("geooffers.E011", "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS: this is no service account file."),
    ]


def test_good_files_pass(settings, tmp_path) -> None:
    chain = apple_chain.load_chain(folder=tmp_path)
    for name, content in {"CERTIFICATE": chain.certificate, "KEY": chain.key, "WWDR": chain.intermediate}.items():
        (tmp_path / name).write_bytes(content)
        setattr(settings, f"APPLE_PASS_{name}", str(tmp_path / name))
    assert said(settings) == []
