"""How long serving takes and how many replicas it needs: service times, queues, sizing."""
