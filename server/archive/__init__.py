"""The five-volume archive (档案) and its export."""
