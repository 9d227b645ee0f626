"""Recipes: one function a method of an estimator, grouped by what they compute."""
