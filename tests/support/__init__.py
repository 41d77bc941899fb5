"""What tests share: documents to start from, strategies that draw others, and references to hold results against."""
