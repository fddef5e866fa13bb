"""The members of an offer class and an offer object that the sandbox knows: those that we send.

A test compares them with Google's discovery document; a member that is not here is refused, as Google would refuse
one that it does not have.
"""

from notifications.sandbox.schema import ListOf, OneOf, Plain, Spec

S = Plain.STRING
LOCALIZED: dict[str, Spec] = {
    "defaultValue": {"language": S, "value": S},
    "translatedValues": ListOf({"language": S, "value": S}),
}
OFFER_CLASS: dict[str, Spec] = {
    **dict.fromkeys(("id", "issuerName", "provider", "title", "shortTitle", "details", "finePrint"), S),
    "hexBackgroundColor": S,
    "titleImage": {"sourceUri": {"uri": S}, "contentDescription": LOCALIZED},
    "localizedShortTitle": LOCALIZED,
    "redemptionChannel": OneOf(frozenset({"INSTORE", "ONLINE", "BOTH"})),
    "reviewStatus": OneOf(frozenset({"UNDER_REVIEW", "DRAFT"})),
    "multipleDevicesAndHoldersAllowedStatus": OneOf(
        frozenset({"MULTIPLE_HOLDERS", "ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"})
    ),
}
OFFER_OBJECT: dict[str, Spec] = {
    **dict.fromkeys(("id", "classId"), S),
    "state": OneOf(frozenset({"ACTIVE", "COMPLETED", "EXPIRED", "INACTIVE"})),
    "barcode": {"type": OneOf(frozenset({"QR_CODE"})), "value": S, "alternateText": S},
    "validTimeInterval": {"start": {"date": Plain.TIMESTAMP}, "end": {"date": Plain.TIMESTAMP}},
    "merchantLocations": ListOf({"latitude": Plain.NUMBER, "longitude": Plain.NUMBER}),
    "textModulesData": ListOf(
        {"id": S, "header": S, "body": S, "localizedHeader": LOCALIZED, "localizedBody": LOCALIZED}
    ),
}
REQUIRED_OF_CLASS = ("id", "issuerName", "provider", "title", "redemptionChannel", "reviewStatus")
REQUIRED_OF_OBJECT = ("id", "classId", "state")
MOST_LOCATIONS = 10
