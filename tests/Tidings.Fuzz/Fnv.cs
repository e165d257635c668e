namespace Tidings.Fuzz;

/// <summary>FNV-1a, to compare what two runs saw without keeping it.</summary>
internal struct Fnv()
{
    public ulong Value { get; private set; } = 14695981039346656037;

    public void Add(byte b) => Value = (Value ^ b) * 1099511628211;

    public void Add(long number)
    {
        for (var i = 0; i < 64; i += 8)
        {
            Add((byte)(number >> i));
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            Add(b);
        }
    }

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new Fnv();
        hash.Add(bytes);
        return hash.Value;
    }
}
