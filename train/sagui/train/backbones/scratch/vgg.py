"""A VGG-style network with batch normalization, for photos of 32 x 32 pixels.

The first three blocks of configuration B of Simonyan and Zisserman, "Very deep convolutional networks for large-scale
image recognition", ICLR 2015, table 1 (https://arxiv.org/abs/1409.1556), after which 32 pixels are 4; normalized as by
Ioffe and Szegedy (ICML 2015); with one hidden dense layer, as Liu and Deng (ACPR 2015) have it for CIFAR-10.
"""

from sagui.train.backbones.port import Backbone, HeadDefaults
from sagui.train.backbones.scratch.convolution import BLOCK_END
from sagui.train.backbones.scratch.plain import Convolution, PlainNetwork, Pooling
from sagui.train.backbones.weights_file import load_own

NETWORK = PlainNetwork(
    "vgg-style",
    tuple((Convolution(filters, 3), Convolution(filters, 3), Pooling("max", 2, 2)) for filters in (64, 128, 256)),
    normalized=True,
)

BACKBONE = Backbone(
    name=NETWORK.name,
    about=(
        "Small kernels, many of them, with batch normalization: a good first network for photos of 32 x 32 pixels "
        "(after Simonyan and Zisserman, ICLR 2015)."
    ),
    build=NETWORK.build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=32,
    min_size=16,
    head=HeadDefaults("flatten", (512,), dropout=0.5),
    choices=frozenset({"padding", "downsample"}),
)
