namespace Tidings.Data.Segments;

/// <summary>Reads what <see cref="FieldWriter"/> wrote. What is cut off is noted, and nothing is thrown.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    public int Position { get; private set; }

    public bool IsAtEnd => Position == _source.Length;

    /// <summary>Whether something was missing.</summary>
    public bool IsCut { get; private set; }

    public byte Byte()
    {
        if (Position < _source.Length)
        {
            return _source[Position++];
        }

        IsCut = true;
        return 0;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        IsCut = true;
        return 0;
    }

    public long Signed() => (long)Number();

    public ReadOnlySpan<byte> Text()
    {
        var length = Number();
        if (length > (ulong)(_source.Length - Position))
        {
            IsCut = true;
            return default;
        }

        var text = _source.Slice(Position, (int)length);
        Position += (int)length;
        return text;
    }
}
