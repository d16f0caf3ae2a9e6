//! What the program sees: globals, modules, bindings, and the operations behind them.
