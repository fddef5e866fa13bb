"""The first words that shoppers are shown. They are never edited: a new wording is a new version, by a new file.

Frozen: no code but the initial migration reads this module.
"""

from datetime import UTC, datetime

PUBLISHED = datetime(2026, 6, 1, tzinfo=UTC)

TEXTS = {
    "location_foreground": {
        "en": "While the app is open, use my location to find offers of shops that I am at. "
        "Positions are compared with shop areas and then forgotten; no trail is kept, and shops never see where I am. "
        "I can withdraw this at any time in the app.",
        "de": "Solange die App geöffnet ist, darf mein Standort genutzt werden, um Angebote der Geschäfte zu finden, "
        "in denen ich bin. Positionen werden mit den Bereichen der Geschäfte verglichen und dann vergessen; es wird "
        "kein Bewegungsprofil gespeichert, und Geschäfte sehen nie, wo ich bin. "
        "Ich kann das jederzeit in der App widerrufen.",
        "fi": "Kun sovellus on auki, sijaintiani saa käyttää niiden liikkeiden tarjousten löytämiseen, joissa olen. "
        "Sijaintia verrataan liikkeiden alueisiin ja se unohdetaan; reittiäni ei tallenneta, eivätkä liikkeet koskaan "
        "näe, missä olen. Voin perua tämän milloin tahansa sovelluksessa.",
    },
    "location_background": {
        "en": "Also when the app is closed, use my location to notice when I come to a shop with an offer for me. "
        "Positions are compared with shop areas and then forgotten; no trail is kept, and shops never see where I am. "
        "I can withdraw this at any time in the app.",
        "de": "Auch wenn die App geschlossen ist, darf mein Standort genutzt werden, um zu bemerken, dass ich zu einem "
        "Geschäft mit einem Angebot für mich komme. Positionen werden mit den Bereichen der Geschäfte verglichen und "
        "dann vergessen; es wird kein Bewegungsprofil gespeichert, und Geschäfte sehen nie, wo ich bin. "
        "Ich kann das jederzeit in der App widerrufen.",
        "fi": "Sijaintiani saa käyttää myös sovelluksen ollessa suljettuna, jotta huomataan, kun tulen liikkeeseen, "
        "jolla on minulle tarjous. Sijaintia verrataan liikkeiden alueisiin ja se unohdetaan; reittiäni ei tallenneta, "
        "eivätkä liikkeet koskaan näe, missä olen. Voin perua tämän milloin tahansa sovelluksessa.",
    },
    "marketing_push": {
        "en": "Send me a notification when there is an offer for me. Without this I still find my coupons in the app. "
        "I can withdraw this at any time in the app.",
        "de": "Ich möchte eine Mitteilung erhalten, wenn es ein Angebot für mich gibt. Ohne diese Zustimmung finde ich "
        "meine Gutscheine weiterhin in der App. Ich kann das jederzeit in der App widerrufen.",
        "fi": "Lähettäkää minulle ilmoitus, kun minulle on tarjous. Ilman tätäkin löydän kuponkini sovelluksesta. "
        "Voin perua tämän milloin tahansa sovelluksessa.",
    },
    "analytics": {
        "en": "Count me in figures about visits and offers. Figures are only shown for groups of twenty people or "
        "more, never about me alone. I can withdraw this at any time in the app.",
        "de": "Ich darf in Zahlen über Besuche und Angebote mitgezählt werden. Zahlen werden nur für Gruppen ab "
        "zwanzig Personen gezeigt, nie über mich allein. Ich kann das jederzeit in der App widerrufen.",
        "fi": "Minut saa laskea mukaan käyntejä ja tarjouksia koskeviin lukuihin. Lukuja näytetään vain vähintään "
        "kahdenkymmenen hengen ryhmistä, ei koskaan minusta yksin. Voin perua tämän milloin tahansa sovelluksessa.",
    },
}


def publish(apps, schema_editor):
    ConsentText = apps.get_model("shoppers", "ConsentText")
    ConsentText.objects.bulk_create(
        ConsentText(purpose=purpose, language=language, version=1, body=body, published_at=PUBLISHED)
        for purpose, bodies in TEXTS.items()
        for language, body in bodies.items()
    )


def take_back(apps, schema_editor):
    apps.get_model("shoppers", "ConsentText").objects.filter(version=1, published_at=PUBLISHED).delete()
