"""Pure decisions of a sitting: its times, its gate at the seat, and how a form is dealt."""
