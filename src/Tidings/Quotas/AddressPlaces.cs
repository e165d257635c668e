namespace Tidings.Quotas;

/// <summary>How many of something each address has, up to a limit. Safe from any thread.</summary>
/// <param name="limit">The most of one address; 0 is no limit. It may change: what is there stays.</param>
internal sealed class AddressPlaces(Func<int> limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressKey, int> _taken = [];

    /// <summary>How many an address has.</summary>
    public int CountOf(AddressKey address)
    {
        lock (_gate)
        {
            return _taken.GetValueOrDefault(address);
        }
    }

    /// <summary>Takes a place; <see cref="Leave"/> gives it back. An address that is not known has as many as it wants.</summary>
    public bool TryEnter(AddressKey address)
    {
        if (address == default)
        {
            return true;
        }

        lock (_gate)
        {
            var count = _taken.GetValueOrDefault(address);
            if (limit() is var most and > 0 && count >= most)
            {
                return false;
            }

            _taken[address] = count + 1;
            return true;
        }
    }

    public void Leave(AddressKey address)
    {
        if (address == default)
        {
            return;
        }

        lock (_gate)
        {
            if (_taken.GetValueOrDefault(address) is var count and > 1)
            {
                _taken[address] = count - 1;
            }
            else
            {
                _taken.Remove(address);
            }
        }
    }
}
