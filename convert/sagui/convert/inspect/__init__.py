"""What a model is: a bundle of ours, or a TFLite file of any maker."""
