using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tidings.Quotas;

/// <summary>What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber usually has alone.</summary>
/// <param name="Bits">The address; 0 where there is none (unix sockets).</param>
internal readonly record struct AddressKey(ulong Bits)
{
    private const ulong IPAddressLoopback = 127;

    public static AddressKey From(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);

        // No global IPv6 prefix begins with the 0000:… that an IPv4 address in the lower half gives, and that ::1 is counted by.
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return new AddressKey((1UL << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        var prefix = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        return new AddressKey(prefix == 0 ? 2UL << 32 : prefix);
    }

    /// <summary>Whether it is this machine's own: 127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => Bits >> 24 == ((1UL << 8) | IPAddressLoopback) || Bits == 2UL << 32;

    /// <summary>For people: <c>192.0.2.1</c>, <c>2001:db8::/64</c>, <c>::1</c>; empty where there is none.</summary>
    public override string ToString()
    {
        switch (Bits >> 32)
        {
            case 0:
                return "";
            case 1:
                return new IPAddress(BinaryPrimitives.ReverseEndianness((uint)Bits)).ToString();
            case 2:
                return "::1";
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Bits);
        return new IPAddress(bytes) + "/64";
    }
}
