"""What is owed (messages) and how it is on its way (deliveries)."""

from notifications.models.deliveries import SETTLED, Channel, Delivery, DeliveryState
from notifications.models.messages import MARKETING_KINDS, Kind, Message

__all__ = ["MARKETING_KINDS", "SETTLED", "Channel", "Delivery", "DeliveryState", "Kind", "Message"]
