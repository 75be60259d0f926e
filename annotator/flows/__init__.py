"""The walks through each journey: the one door between the desk and the engines."""
