namespace Tidings.Data.Segments;

/// <summary>What a record does to the state of its channel.</summary>
internal enum StateChange : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Its message takes the place of the one with the same key.</summary>
    Set,

    /// <summary>Its key is taken out.</summary>
    Removed,
}
