using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tidings.AspNetCore.Listening;

/// <summary>Reads what the kernel calls an address (<c>struct sockaddr</c>).</summary>
internal static class SocketAddress
{
    /// <summary>Bytes that hold an address of any family.</summary>
    public const int Largest = 128;

    private const int Inet = 2;
    private const int Inet6 = 10;

    public static EndPoint? Read(ReadOnlySpan<byte> address) => address.Length < 2 ? null : MemoryMarshal.Read<ushort>(address) switch
    {
        Inet when address.Length >= 8 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
        Inet6 when address.Length >= 28 => new IPEndPoint(
            new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
        _ => null,
    };

    public static bool IsTcp(EndPoint endPoint) => endPoint.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6;
}
