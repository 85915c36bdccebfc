"""Webhooks to the customers' endpoints: signed, and sent to public addresses only."""
