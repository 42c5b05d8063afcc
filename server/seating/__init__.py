"""The verifiable draw (抽签) of seats and forms."""
