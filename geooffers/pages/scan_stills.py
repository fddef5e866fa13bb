"""A still of the camera becomes the text of its code, for browsers that cannot read one. Nothing of it is stored.

What arrives is hostile until shown otherwise: `merchants.shops.image_files` unpacks and reads it in a process of its
own.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from geooffers.api.edge import clock, errors, rate_limits
from geooffers.callers import limits
from geooffers.coupons import codes
from merchants.people import access
from merchants.shops import image_files
from merchants.shops.image_child import ImageRefused

# The page sends one still a second at most.
STILLS = limits.Limit(name="stills", amount=120, per_s=60)
STATUSES = {"image_too_large": 413, "image_type": 415, "image_damaged": 422}


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """`{"code": "K7QM…"}`, or null; `other` tells that there was a code, but not one of a coupon."""
    member = access.staff_member_of(request.user)
    if member is None:
        return errors.problem_response(request, status=401, code="not_staff", detail="Sign in again.")
    try:
        rate_limits.spend(request, STILLS, caller=f"staff:{member.pk}", now=clock.now())
        # One byte more than is taken tells that there is more, whatever the length in the header says.
        texts = image_files.qr_texts_in(request.read(image_files.MAX_BYTES + 1))
    except limits.TooManyRequests as refusal:
        return errors.refused(request, refusal)
    except ImageRefused as refusal:
        sentence = errors.sentence_of(type(refusal))
        return errors.problem_response(request, status=STATUSES[refusal.code], code=refusal.code, detail=sentence)
    of_coupons = [text for text in texts if _is_code(text)]
    response = JsonResponse({"code": of_coupons[0] if of_coupons else None, "other": bool(texts) and not of_coupons})
    response["Cache-Control"] = "no-store"
    return response


def _is_code(text: str) -> bool:
    try:
        codes.read(text)
    except codes.UnreadableCode:
        return False
    return True
