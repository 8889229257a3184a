"""AlexNet, the network that began the deep learning of images.

Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012,
section 3.5 and figure 2.

One tower: the paper's two existed to fit two GPUs. Without local response normalization, which Simonyan and Zisserman
(ICLR 2015, section 4.1) found to cost memory and time and to gain nothing.
"""

from sagui.train.backbones.port import Backbone, HeadDefaults
from sagui.train.backbones.scratch.convolution import BLOCK_END
from sagui.train.backbones.scratch.plain import Convolution, PlainNetwork, Pooling
from sagui.train.backbones.weights_file import load_own

_POOLING = Pooling("max", 3, 2)

NETWORK = PlainNetwork(
    "alexnet",
    (
        # The paper says 224 pixels; its 55 x 55 maps come of 227 without padding.
        (Convolution(96, 11, stride=4, padding="valid"), _POOLING),
        (Convolution(256, 5), _POOLING),
        (Convolution(384, 3),),
        (Convolution(384, 3),),
        (Convolution(256, 3), _POOLING),
    ),
)

BACKBONE = Backbone(
    name=NETWORK.name,
    about=(
        "The network that won ImageNet in 2012 and began it all; large for what it can, 58 M of its 62 M weights are "
        "in its head (Krizhevsky et al., NIPS 2012)."
    ),
    build=NETWORK.build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=227,
    # With same padding; the paper's needs 67 pixels, and says so.
    min_size=32,
    head=HeadDefaults("flatten", (4096, 4096), dropout=0.5),
    choices=frozenset({"padding", "downsample"}),
)
