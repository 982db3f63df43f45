"""The sides of the bench: RNN Lab and its peers, each behind the same interface."""
