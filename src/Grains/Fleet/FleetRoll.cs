using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Grains.Fleet;

/// <summary>The GPUs of the fleet in order of site, rack, host and identity (ordinal). Sorts again only when a GPU came or moved.</summary>
internal sealed class FleetRoll
{
    private readonly Dictionary<GpuId, int> _places = [];
    private readonly List<GpuState> _states = [];
    private bool _sorted = true;

    /// <summary>Takes the state in, unless a newer one of the same GPU is there.</summary>
    public void Put(GpuState state)
    {
        if (!_places.TryGetValue(state.Gpu, out var place))
        {
            _places[state.Gpu] = _states.Count;
            _states.Add(state);
            _sorted = false;
            return;
        }

        var held = _states[place];
        if (state.Received < held.Received)
        {
            return;
        }

        _states[place] = state.Description is null && held.Description is not null ? state with { Description = held.Description } : state;
        _sorted &= held.Host == state.Host && held.Rack == state.Rack && held.Site == state.Site;
    }

    /// <summary>All of them in order.</summary>
    public ImmutableArray<GpuState> Ordered()
    {
        if (!_sorted)
        {
            _states.Sort(Compare);
            for (var place = 0; place < _states.Count; place++)
            {
                _places[_states[place].Gpu] = place;
            }

            _sorted = true;
        }

        return [.. _states];
    }

    private static int Compare(GpuState one, GpuState other)
    {
        var order = string.CompareOrdinal(one.Site, other.Site);
        order = order != 0 ? order : string.CompareOrdinal(one.Rack, other.Rack);
        order = order != 0 ? order : string.CompareOrdinal(one.Host, other.Host);
        return order != 0 ? order : string.CompareOrdinal(one.Gpu.Value, other.Gpu.Value);
    }
}
