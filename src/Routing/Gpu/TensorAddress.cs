using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Gpu;

/// <summary>Where a tensor's numbers lie on its device. TorchSharp keeps that address to itself; its native library does not.</summary>
internal static unsafe class TensorAddress
{
    private static readonly Lazy<nint> Data = new(() => NativeLibrary.GetExport(NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null), "THSTensor_data"));

    /// <summary>The address of a contiguous CUDA tensor of a type and size.</summary>
    /// <exception cref="ArgumentException">The tensor lies elsewhere, or is of another type or size.</exception>
    public static nint Of(Tensor tensor, ScalarType type, long count, string name)
    {
        if (tensor.device_type != DeviceType.CUDA || tensor.dtype != type || tensor.numel() != count || !tensor.is_contiguous())
        {
            throw new ArgumentException($"{name} must be a contiguous CUDA tensor of {count} {type}; it is {tensor.numel()} {tensor.dtype} on {tensor.device_type}.", name);
        }

        return ((delegate* unmanaged<nint, nint>)Data.Value)(tensor.Handle);
    }
}
