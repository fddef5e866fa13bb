// What arrives, as a phone shows it: the same tag replaces, a silent message only wakes the app, and a message that
// comes twice counts once.

export class Drawer {
  constructor() {
    this.since = 0;
    this.seen = new Set();
    this.shown = new Map(); // tag -> notification, in the order in which they are on the screen
  }

  // The new messages of one answer: {visible: [...], silent: [...]}.
  take({ messages, last }) {
    // The sandbox keeps messages in memory; after it was started anew its numbers begin again.
    if (last < this.since) this.since = 0;
    else this.since = last;
    const fresh = messages.filter(({ message }) => {
      const id = message.data?.delivery_id;
      if (!id || this.seen.has(id)) return false;
      this.seen.add(id);
      return true;
    });
    const visible = fresh.filter((one) => one.visible).map(asNotification);
    for (const notification of visible) {
      this.shown.delete(notification.tag); // to the top again
      this.shown.set(notification.tag, notification);
    }
    const silent = fresh.filter((one) => !one.visible).map((one) => one.message.data);
    return { visible, silent };
  }

  remove(couponId) {
    for (const [tag, notification] of this.shown) if (notification.couponId === couponId) this.shown.delete(tag);
  }

  get newestFirst() {
    return [...this.shown.values()].reverse();
  }
}

function asNotification({ message, received_at: receivedAt, name }) {
  return {
    tag: message.android?.notification?.tag ?? message.apns?.headers?.["apns-collapse-id"] ?? name,
    title: message.notification.title,
    body: message.notification.body ?? "",
    couponId: message.data.coupon_id,
    receivedAt,
  };
}
