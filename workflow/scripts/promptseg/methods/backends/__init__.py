"""Image encoders computed by something other than PyTorch in fp32 or bf16: other back ends, files of users, int8."""
