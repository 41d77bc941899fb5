"""Answers beyond one plan: comparisons, explanations, sensitivities, profiles of a model, the cost of many pools."""
