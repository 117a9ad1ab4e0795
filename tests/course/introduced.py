"""Which lesson introduces what of nnjax; before it, a lesson may not use it. What is not listed is free (data, viz)."""

BY_LESSON = {
    1: "models.perceptron models.adaline certify",
    2: "models.linear models.logistic losses.squared_error losses.binary_cross_entropy activations.sigmoid",
    3: "activations.step activations.tanh activations.relu activations.leaky_relu activations.elu activations.gelu "
    "activations.maxout activations.prelu layers.dense layers.maxout models.mlp initializers",
    4: "losses.cross_entropy activations.softmax manual",
    5: "training training.fit training.fit_many training.evaluate optimizers.sgd",
    6: "optimizers.rmsprop optimizers.adam losses.l1 losses.l2 layers.dropout layers.normalization",
    7: "layers.conv layers.pooling layers.local_response models.cnn models.lenet models.alexnet models.text_cnn",
    8: "layers.embedding layers.elman layers.lstm layers.gru models.rnn models.rnn_language sampling "
    "optimizers.clip_by_global_norm",
    9: "layers.attention layers.positions layers.transformer_block models.transformer models.vision_transformer",
    10: "models.hopfield models.gan models.selfplay models.tictactoe models.tree_search training.fit_gan",
    11: "interop interop.flax interop.export parallel",
}
INTRODUCED = {name: lesson for lesson, names in BY_LESSON.items() for name in names.split()}
