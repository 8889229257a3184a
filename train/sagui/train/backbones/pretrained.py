"""The networks of ``keras.applications`` one can start from.

What each expects of its input is documented at its ``preprocess_input``; the tests compare with it.
"""

import keras

from sagui.train.backbones.keras_applications import CAFFE, TF, TORCH, Application
from sagui.train.backbones.port import Backbone

_INCEPTION_SIZE = 299

MOBILENET_V1 = Application("mobilenet-v1", keras.applications.MobileNet, TF, alphas=(0.25, 0.5, 0.75, 1.0))
MOBILENET_V2 = Application("mobilenet-v2", keras.applications.MobileNetV2, TF, alphas=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4))
# These three families normalize by themselves.
_INCLUDED = {"include_preprocessing": True}
MOBILENET_V3_SMALL = Application("mobilenet-v3-small", keras.applications.MobileNetV3Small, options=_INCLUDED)
MOBILENET_V3_LARGE = Application("mobilenet-v3-large", keras.applications.MobileNetV3Large, options=_INCLUDED)
EFFICIENTNET_V2_B0 = Application("efficientnetv2-b0", keras.applications.EfficientNetV2B0, options=_INCLUDED)
CONVNEXT_TINY = Application("convnext-tiny", keras.applications.ConvNeXtTiny, options=_INCLUDED)
RESNET50 = Application("resnet50", keras.applications.ResNet50, CAFFE, "conv1_conv")
RESNET101 = Application("resnet101", keras.applications.ResNet101, CAFFE, "conv1_conv")
RESNET152 = Application("resnet152", keras.applications.ResNet152, CAFFE, "conv1_conv")
RESNET50_V2 = Application("resnet50-v2", keras.applications.ResNet50V2, TF)
RESNET101_V2 = Application("resnet101-v2", keras.applications.ResNet101V2, TF)
RESNET152_V2 = Application("resnet152-v2", keras.applications.ResNet152V2, TF)
VGG16 = Application("vgg16", keras.applications.VGG16, CAFFE, "block1_conv1")
VGG19 = Application("vgg19", keras.applications.VGG19, CAFFE, "block1_conv1")
INCEPTION_V3 = Application("inception-v3", keras.applications.InceptionV3, TF, min_size=75)
DENSENET121 = Application("densenet121", keras.applications.DenseNet121, TORCH)
XCEPTION = Application("xception", keras.applications.Xception, TF, min_size=71)


def _backbone(application: Application, block_end: str, about: str, image_size: int = 224) -> Backbone:
    return Backbone(
        name=application.name,
        about=about,
        build=application.build,
        load=application.load,
        source="keras.applications",
        block_end=block_end,
        image_size=image_size,
        min_size=application.min_size,
        choices=frozenset({"alpha"} if application.alphas else ()),
    )


_V3_END = r"expanded_conv(_\d+)?_(add|project_bn)"
_RESNET_END = r"conv\d_block\d+_out"
# Keras numbers these sums by itself, on from all it has numbered before.
_SUM = r"add(_\d+)?"

BACKBONES = (
    _backbone(
        MOBILENET_V1,
        r"conv_pw_\d+_relu",
        "Convolutions by channel, then across: the first network for phones; every device runs it fast "
        "(Howard et al., 2017).",
    ),
    _backbone(
        MOBILENET_V2,
        r"(block_\d+|expanded_conv)_(add|project_BN)",
        "Inverted residual blocks: small, quantizes well, runs on every Edge TPU (Sandler et al., CVPR 2018).",
    ),
    _backbone(
        MOBILENET_V3_SMALL,
        _V3_END,
        "The fastest of the family on CPUs; loses much when quantized (Howard et al., ICCV 2019).",
    ),
    _backbone(
        MOBILENET_V3_LARGE,
        _V3_END,
        "More accurate than V2 at its speed on CPUs; loses much when quantized (Howard et al., ICCV 2019).",
    ),
    _backbone(
        EFFICIENTNET_V2_B0,
        r"block1a_project_activation|block[2-6]([b-z]_add|a_project_bn)",
        "More accurate than EfficientNet-Lite0 and as large, but harder on small devices (Tan and Le, ICML 2021).",
    ),
    _backbone(
        RESNET50,
        _RESNET_END,
        "Residual blocks, 50 layers: the common yardstick, large for the edge (He et al., CVPR 2016).",
    ),
    _backbone(
        RESNET101,
        _RESNET_END,
        "As ResNet-50 with 101 layers: slower, a little more accurate (He et al., CVPR 2016).",
    ),
    _backbone(
        RESNET152,
        _RESNET_END,
        "As ResNet-50 with 152 layers: the slowest and most accurate of the three (He et al., CVPR 2016).",
    ),
    _backbone(
        RESNET50_V2,
        _RESNET_END,
        "Residual blocks that normalize before they convolve, 50 layers (He et al., ECCV 2016).",
    ),
    _backbone(
        RESNET101_V2,
        _RESNET_END,
        "As ResNet-50 V2 with 101 layers (He et al., ECCV 2016).",
    ),
    _backbone(
        RESNET152_V2,
        _RESNET_END,
        "As ResNet-50 V2 with 152 layers (He et al., ECCV 2016).",
    ),
    _backbone(
        VGG16,
        r"block\d_pool",
        "Plain 3x3 convolutions, 16 layers: slow, and its features carry far (Simonyan and Zisserman, ICLR 2015).",
    ),
    _backbone(
        VGG19,
        r"block\d_pool",
        "As VGG-16 with 19 layers; the network of ELPV's paper (Simonyan and Zisserman, ICLR 2015).",
    ),
    _backbone(
        INCEPTION_V3,
        r"mixed\d+",
        "GoogLeNet's modules with kernels taken apart, for photos of 299 x 299 pixels (Szegedy et al., CVPR 2016).",
        _INCEPTION_SIZE,
    ),
    _backbone(
        CONVNEXT_TINY,
        _SUM,
        "A convolutional network built like a transformer: accurate, slow on the edge (Liu et al., CVPR 2022).",
    ),
    _backbone(
        DENSENET121,
        r"conv\d_block\d+_concat",
        "Each layer sees all before it: few weights, much memory traffic (Huang et al., CVPR 2017).",
    ),
    _backbone(
        XCEPTION,
        _SUM,
        "Inception taken to its end, convolutions by channel then across, for 299 x 299 pixels (Chollet, CVPR 2017).",
        _INCEPTION_SIZE,
    ),
)
