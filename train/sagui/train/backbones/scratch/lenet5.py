"""LeNet-5, the network that read cheques.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11), 1998,
section II.B and figure 2.

As everywhere today, each map of the second convolution sees all six maps before it (the paper's table I leaves some
out to save time), pooling has no weights, and tanh is not scaled.
"""

from sagui.train.backbones.port import Backbone, HeadDefaults
from sagui.train.backbones.scratch.convolution import BLOCK_END
from sagui.train.backbones.scratch.plain import Convolution, PlainNetwork, Pooling
from sagui.train.backbones.weights_file import load_own

NETWORK = PlainNetwork(
    "lenet-5",
    (
        (Convolution(6, 5, padding="valid"), Pooling("average", 2, 2)),
        (Convolution(16, 5, padding="valid"), Pooling("average", 2, 2)),
    ),
    activation="tanh",
)

BACKBONE = Backbone(
    name=NETWORK.name,
    about="The first convolutional network in wide use, for digits of 32 x 32 pixels (LeCun et al., Proc. IEEE 1998).",
    build=NETWORK.build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=32,
    min_size=16,
    head=HeadDefaults("flatten", (120, 84), dropout=0.0),
    choices=frozenset({"padding", "downsample"}),
)
