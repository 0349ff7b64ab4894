"""The sample images, the script that draws them, and the configs that use them."""
