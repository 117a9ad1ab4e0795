"""The slides: one deck a lesson, in Marp's markdown; their figures, made by code; building and presenting them."""
