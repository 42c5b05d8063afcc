"""Candidates (考生), eligibility, exemptions and tickets (准考证)."""
