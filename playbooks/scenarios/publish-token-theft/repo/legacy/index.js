exports.total = (cart) => cart.reduce((sum, item) => sum + item.price * item.count, 0);
