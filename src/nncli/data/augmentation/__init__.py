"""Random changes of the training images that leave their class alone: every epoch sees new ones.

kinds.py       which changes suit which pictures, how they are drawn and applied
geometry.py    moving pixels: rotation, scale, shear, shift, crop, mirror and elastic deformation as one resampling
color.py       brightness, contrast and color
"""
