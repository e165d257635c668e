using System.Text;

namespace Tidings.Data.Segments;

/// <summary>Writes the fields of a record's head: numbers of seven bits a byte, texts with their length before them.</summary>
internal ref struct FieldWriter(Span<byte> target)
{
    /// <summary>What a number takes at most.</summary>
    public const int LongestNumber = 10;

    private readonly Span<byte> _target = target;

    public int Length { get; private set; }

    public void Byte(byte value) => _target[Length++] = value;

    public void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _target[Length++] = (byte)(value | 0x80);
        }

        _target[Length++] = (byte)value;
    }

    public void Number(long value) => Number((ulong)value);

    public void Text(string value)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(value));
        Length += Encoding.UTF8.GetBytes(value, _target[Length..]);
    }

    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_target[Length..]);
        Length += value.Length;
    }
}
