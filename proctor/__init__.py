"""Face engines, enrolment, matching, recordings and their retention."""
