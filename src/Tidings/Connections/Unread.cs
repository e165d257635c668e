namespace Tidings.Connections;

/// <summary>What has come and is not read yet, in its order. However often bytes are added and taken, each is copied a fixed number of times on average.</summary>
internal sealed class Unread
{
    private byte[] _bytes;
    private int _start;
    private int _end;

    public Unread(ReadOnlySpan<byte> first)
    {
        _bytes = first.ToArray();
        _end = first.Length;
    }

    /// <summary>What it holds of memory.</summary>
    public int Size => _bytes.Length;

    /// <summary>What is still to be read. Good until something is added.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    public void Add(ReadOnlySpan<byte> more)
    {
        var length = _end - _start;
        if (more.Length > _bytes.Length - _end)
        {
            var target = length + more.Length > _bytes.Length / 2 ? new byte[Math.Max(2 * length, length + more.Length)] : _bytes;
            Bytes.CopyTo(target);
            (_bytes, _start, _end) = (target, 0, length);
        }

        more.CopyTo(_bytes.AsSpan(_end));
        _end += more.Length;
    }

    /// <summary>All but the last <paramref name="left"/> bytes were read.</summary>
    public void Keep(int left) => _start = _end - left;
}
