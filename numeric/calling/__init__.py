"""From what a caller passes to what a kernel takes, and back; whatever does not fit is refused here."""
